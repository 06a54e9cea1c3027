//! Models that are known without their make: `2015 Silverado 1500 LT` is a Chevrolet.
//!
//! Only names of one maker stand here. Those that are common words name it only beside other cars. What is deliberately not here: how
//! many words a model has (`heading`).

use super::makes::starts_with;

/// Models that are words of nothing else, by their make.
const OWN: [(&str, &str); 37] = [
    ("Acura", "integra,legend,mdx,rdx,rlx,rsx,tlx,tsx,ilx,nsx"),
    ("Audi", "q3,q5,q7,q8,a3,a4,a5,a6,a7,a8,e-tron"),
    ("BMW", "x1,x3,x5,x6,x7,328i,330i,335i,528i,530i,535i,3 series,5 series,7 series"),
    ("Buick", "enclave,lacrosse,lesabre,lucerne,rendezvous,verano,encore gx"),
    ("Cadillac", "escalade,deville,ats,cts,dts,srx,sts,xt4,xt5,xt6,xts,ct4,ct5,ct6"),
    (
        "Chevrolet",
        "silverado,silverado 1500,silverado 2500,silverado 2500hd,silverado 3500,silverado 3500hd,tahoe,suburban,camaro,\
         corvette,malibu,impala,equinox,traverse,avalanche,trailblazer,cruze,cobalt,aveo,colorado,trax,el camino,chevelle",
    ),
    ("Chrysler", "pacifica,sebring,town & country,town and country,pt cruiser"),
    ("Dodge", "durango,grand caravan,avenger,dakota"),
    ("FIAT", "500x,500l"),
    ("Ford", "f-150,f150,f-250,f250,f-350,f350,mustang,taurus,crown victoria,ecosport,thunderbird,e-250,e-350,bronco"),
    ("GMC", "sierra,sierra 1500,sierra 2500hd,sierra 3500hd,yukon,yukon xl,acadia,envoy,savana"),
    ("Genesis", "g70,g80,g90,gv70,gv80"),
    ("Honda", "civic,accord,cr-v,crv,hr-v,odyssey,ridgeline,cr-z,s2000"),
    ("Hyundai", "elantra,sonata,tucson,santa fe,palisade,veloster,ioniq,azera"),
    ("INFINITI", "q50,q60,qx50,qx56,qx60,qx80,g35,g37"),
    ("Jeep", "wrangler,grand cherokee,cherokee"),
    ("Kia", "sorento,sportage,telluride,optima,sedona,cadenza,stinger,k5"),
    ("Land Rover", "lr2,lr3,lr4,evoque"),
    ("Lexus", "rx350,rx 350,es350,es 350,gx460,gx 460,is250,is 250,lx570,lx 570,nx200t"),
    ("Lincoln", "navigator,mkz,mkx,mkc,mks,nautilus,corsair,town car"),
    ("Mazda", "cx-3,cx-30,cx-5,cx-7,cx-9,cx-50,cx-90,mazda3,mazda6,miata,mx-5"),
    (
        "Mercedes-Benz",
        "c-class,c class,e-class,e class,s-class,s class,cla-class,cls-class,gla-class,glc-class,gle-class,glk-class,m-class",
    ),
    ("Mercury", "grand marquis"),
    ("Mitsubishi", "outlander,lancer,eclipse cross,montero"),
    ("Nissan", "altima,maxima,sentra,versa,murano,pathfinder,xterra,titan,frontier,armada,370z,350z"),
    ("Pontiac", "firebird,grand am,grand prix,bonneville,solstice"),
    ("Porsche", "cayenne,macan,panamera,boxster,taycan"),
    ("Ram", "promaster"),
    ("Scion", "xb,tc,xd,fr-s"),
    ("Saturn", "vue"),
    ("Subaru", "outback,forester,impreza,crosstrek,wrx,brz"),
    ("Suzuki", "grand vitara,kizashi,sx4"),
    ("Tesla", "model 3,model s,model x,model y,cybertruck"),
    (
        "Toyota",
        "camry,corolla,tacoma,tundra,rav4,highlander,4runner,sienna,prius,avalon,venza,yaris,sequoia,land cruiser,c-hr,\
         fj cruiser,supra,celica",
    ),
    ("Volkswagen", "jetta,passat,tiguan,touareg"),
    ("Volvo", "xc40,xc60,xc70,xc90,s40,s60,s80,v60,v90"),
    ("smart", "fortwo"),
];

/// Models that are words of other things as well: `2015 Edge` is a Ford only where other cars stand beside it.
const COMMON: [(&str, &str); 19] = [
    ("Acura", "rl,tl,zdx"),
    ("Buick", "encore,envision,regal,century,park avenue"),
    ("Chevrolet", "blazer,bolt,bolt euv,captiva,express,hhr,sonic,spark,uplander,volt"),
    ("Chrysler", "200,300,300c,aspen,concorde,crossfire"),
    ("Dodge", "caliber,challenger,charger,dart,hornet,journey,magnum,neon,nitro,viper"),
    (
        "Ford",
        "bronco sport,c-max,edge,escape,expedition,explorer,fiesta,five hundred,flex,focus,fusion,maverick,ranger,transit",
    ),
    ("GMC", "canyon,terrain"),
    ("Honda", "crosstour,element,fit,insight,passport,pilot,prologue"),
    ("Hyundai", "accent,genesis,kona,santa cruz,venue"),
    ("Jeep", "commander,compass,gladiator,liberty,patriot,renegade"),
    ("Kia", "carnival,forte,niro,rio,rondo,seltos,soul,spectra"),
    ("MINI", "cooper"),
    ("Mercury", "mariner,milan,montego,mountaineer,sable"),
    ("Mitsubishi", "eclipse,endeavor,galant,mirage"),
    ("Nissan", "cube,juke,kicks,leaf,quest,rogue,rogue sport"),
    ("Pontiac", "g6,vibe"),
    ("Subaru", "ascent,baja,legacy"),
    ("Toyota", "crown,echo,matrix,mirai,solara"),
    ("Volkswagen", "arteon,atlas,beetle,eos,golf,golf gti,gti,rabbit,taos"),
];

/// The make of the model that words begin with.
pub(super) fn make_of(words: &[&str]) -> Option<&'static str> {
    make_in(&OWN, words)
}

/// The same where other cars stand beside it.
pub(super) fn make_among_cars(words: &[&str]) -> Option<&'static str> {
    make_of(words).or_else(|| make_in(&COMMON, words))
}

fn make_in(known: &[(&'static str, &str)], words: &[&str]) -> Option<&'static str> {
    let names = |models: &str| models.split(',').any(|model| starts_with(words, model));
    known.iter().find(|(_, models)| names(models)).map(|(make, _)| *make)
}
